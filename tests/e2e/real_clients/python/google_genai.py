"""Google's SDK: a streamed generation."""

import sys

from google import genai

client = genai.Client()
for chunk in client.models.generate_content_stream(model="gemini-2.5-flash", contents=sys.argv[1]):
    sys.stdout.write(chunk.text or "")
