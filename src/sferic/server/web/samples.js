// The code that does the same, with the options as they are set now.

export const SAMPLES = { python, javascript, curl };

function python({ host, secure, endpoint, query }) {
  const url = `ws${secure ? "s" : ""}://${host}${endpoint}?${query({ encoding: "linear16" })}`;
  return `import asyncio, json, os, sys, wave
import websockets

URL = "${url}"
KEY = os.environ["SFERIC_KEY"]

async def main(path):
    with wave.open(path) as audio:  # 16-bit mono
        url = f"{URL}&sample_rate={audio.getframerate()}"
        headers = {"Authorization": f"Bearer {KEY}"}
        async with websockets.connect(url, additional_headers=headers) as ws:
            await ws.send(audio.readframes(audio.getnframes()))
            await ws.send(json.dumps({"type": "finalize"}))
            async for raw in ws:
                message = json.loads(raw)
                if message.get("is_final"):
                    print(message["transcript"])

asyncio.run(main(sys.argv[1]))
`;
}

function javascript({ host, secure, endpoint, query }) {
  const url = `ws${secure ? "s" : ""}://${host}${endpoint}?${query({ sample_rate: "16000" })}`;
  return `// In a browser or Node 22. \`token\` comes from your own server, which
// mints it with its key: POST http${secure ? "s" : ""}://${host}/v1/tokens
const url = "${url}";
const socket = new WebSocket(url, ["bearer", token]);

socket.onmessage = ({ data }) => {
  const message = JSON.parse(data);
  if (message.is_final) console.log(message.transcript);
};

// 16-bit PCM at 16 kHz, in pieces as it is spoken:
const send = (samples) => socket.send(samples);
// The last transcript has "is_last": true, and the server closes.
const finish = () => socket.send('{"type":"finalize"}');
`;
}

function curl({ host, secure, endpoint, query }) {
  const asked = query({});
  const url = `http${secure ? "s" : ""}://${host}${endpoint}${asked ? `?${asked}` : ""}`;
  return `curl "${url}" \\
  -H "Authorization: Bearer $SFERIC_KEY" \\
  -H "Content-Type: application/octet-stream" \\
  --data-binary @recording.mp3
`;
}
