"""The requests of a run of Unbent as a task of Inspect AI: one question a sample and a scorer that takes no time."""

import json
import os

from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import (
    ChatMessageAssistant,
    ChatMessageSystem,
    ChatMessageUser,
    GenerateConfig,
)
from inspect_ai.scorer import includes
from inspect_ai.solver import generate

ROLES = {"system": ChatMessageSystem, "user": ChatMessageUser, "assistant": ChatMessageAssistant}


@task
def same_requests():
    with open(os.environ["UNBENT_PROMPTS"]) as lines:
        prompts = [json.loads(line) for line in lines]
    samples = [
        Sample(
            id=prompt["id"],
            input=[ROLES[message["role"]](content=message["content"]) for message in prompt["messages"]],
            target="answer",
        )
        for prompt in prompts
    ]
    config = GenerateConfig(temperature=prompts[0]["temperature"], max_tokens=prompts[0]["max_tokens"])
    return Task(dataset=MemoryDataset(samples), solver=generate(), scorer=includes(), config=config)
