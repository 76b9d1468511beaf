"""OpenAI's SDK: an embedding. There is no text to show; the vector's length stands for it."""

import sys

from openai import OpenAI

answer = OpenAI().embeddings.create(model="text-embedding-3-small", input=sys.argv[1])
sys.stdout.write(f"You said: {sys.argv[1]} | {len(answer.data[0].embedding)} numbers")
