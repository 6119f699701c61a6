"""Streams one answer with the official client and prints what arrived as one JSON object."""

import json
import sys

from openai import OpenAI

base, key, model, prompt = sys.argv[1:]
client = OpenAI(base_url=base, api_key=key, max_retries=0, timeout=30)

with client.chat.completions.with_streaming_response.create(
    model=model,
    messages=[{"role": "user", "content": prompt}],
    stream=True,
    stream_options={"include_usage": True},
) as response:
    headers = dict(response.headers)
    chunks = [chunk for chunk in response.parse()]

text = "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)
usage = [chunk.usage.model_dump() for chunk in chunks if chunk.usage]
json.dump(
    {
        "chunks": len(chunks),
        "text": text,
        "finish": [c.finish_reason for chunk in chunks for c in chunk.choices if c.finish_reason],
        "usage": usage[-1] if usage else None,
        # What is ours rather than OpenAI's rides along as extra fields, which the client keeps.
        "extra": [chunk.model_extra for chunk in chunks if chunk.model_extra],
        "headers": {name: value for name, value in headers.items() if name.startswith("x-")},
        "models": [model.id for model in client.models.list()],
    },
    sys.stdout,
)
