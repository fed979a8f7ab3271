// Where audio comes from: each source calls `onblock(Int16Array)` until `stop()`, or `onend()`.

import { Problem } from "./problems.js";

const RATE = 16000;
const SERVED_RATES = [8000, 16000, 22050, 24000, 44100, 48000];
const BLOCK = 1024;
const LARGEST_FILE = 500e6;
const LONGEST_FILE_S = 2 * 3600;
const MOST_WAITING = 256 * 1024;
const MOST_BLOCKS = 64;
const LOOK_EVERY_MS = 50;

/** The microphone; `device` is a device id, or empty for the default. */
export async function microphone(device, handlers) {
  if (!navigator.mediaDevices?.getUserMedia) throw new Problem("insecure");
  const audio = {
    channelCount: 1,
    echoCancellation: false,
    noiseSuppression: false,
    autoGainControl: true,
    ...(device ? { deviceId: { exact: device } } : {}),
  };
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ audio });
  } catch (error) {
    throw new Problem(error.name === "NotAllowedError" ? "microphone_refused" : "no_microphone");
  }
  return captured(stream, handlers);
}

/** What a tab, window or screen plays; the browser asks which. */
export async function tab(handlers) {
  if (!navigator.mediaDevices?.getDisplayMedia) throw new Problem("no_tab_audio");
  let stream;
  try {
    stream = await navigator.mediaDevices.getDisplayMedia({ video: true, audio: true });
  } catch {
    throw new Problem("tab_refused");
  }
  for (const track of stream.getVideoTracks()) track.enabled = false;
  if (stream.getAudioTracks().length === 0) {
    stopAll(stream);
    throw new Problem("tab_without_audio");
  }
  return captured(stream, handlers);
}

/** A recording; `pace` is how many times faster than it was spoken, 0 for as fast as it goes. */
export async function file(blob, pace, handlers) {
  if (blob.size > LARGEST_FILE || (await duration(blob)) > LONGEST_FILE_S) throw new Problem("file_too_big");
  let buffer;
  try {
    const context = new OfflineAudioContext(1, 1, RATE);
    buffer = await context.decodeAudioData(await blob.arrayBuffer());
  } catch {
    throw new Problem("file_unreadable");
  }
  return played(mono(buffer), pace, handlers);
}

/** Seconds as far as its head tells, or 0: decoded, a recording takes 6 bytes a sample. */
async function duration(blob) {
  const player = new Audio();
  player.preload = "metadata";
  player.src = URL.createObjectURL(blob);
  const known = await new Promise((resolve) => {
    player.onloadedmetadata = () => resolve(player.duration);
    player.onerror = () => resolve(0);
  });
  URL.revokeObjectURL(player.src);
  return Number.isFinite(known) ? known : 0;
}

async function captured(stream, { onblock, onend }) {
  const { context, source } = await heard(stream);
  await context.audioWorklet.addModule("/page/worklet.js");
  const node = new AudioWorkletNode(context, "pcm", { numberOfOutputs: 0 });
  let stopped = false;
  const stop = async () => {
    if (stopped) return;
    stopped = true;
    source.disconnect();
    stopAll(stream);
    await context.close();
  };
  node.port.onmessage = ({ data }) => {
    if (!stopped) onblock(new Int16Array(data));
  };
  stream.getAudioTracks()[0].onended = async () => {
    if (stopped) return;
    await stop();
    onend();
  };
  source.connect(node);
  await context.resume();
  return { rate: context.sampleRate, live: true, stop };
}

/** A context at the rate of recognition, or where a browser cannot have that, at its own. */
async function heard(stream) {
  for (const options of [{ sampleRate: RATE }, {}, { sampleRate: 48000 }]) {
    const context = new AudioContext({ latencyHint: "interactive", ...options });
    try {
      const source = context.createMediaStreamSource(stream);
      if (SERVED_RATES.includes(context.sampleRate)) return { context, source };
    } catch {
      // Firefox does not resample what a microphone says.
    }
    await context.close();
  }
  stopAll(stream);
  throw new Problem("no_microphone");
}

function played(samples, pace, { onblock, onend, waiting }) {
  const started = performance.now();
  let at = 0;
  const step = () => {
    const due = pace ? ((performance.now() - started) / 1000) * RATE * pace : Infinity;
    for (let blocks = 0; at < samples.length && blocks < MOST_BLOCKS; blocks++) {
      const until = Math.min(at + BLOCK, samples.length);
      if (until > due || waiting() >= MOST_WAITING) return;
      onblock(samples.slice(at, until));
      at = until;
    }
    if (at < samples.length) return;
    clearInterval(timer);
    onend();
  };
  const timer = setInterval(step, LOOK_EVERY_MS);
  const length = samples.length / RATE;
  return { rate: RATE, live: pace === 1, length, stop: async () => clearInterval(timer) };
}

function mono(buffer) {
  const samples = new Int16Array(buffer.length);
  const channels = [];
  for (let c = 0; c < buffer.numberOfChannels; c++) channels.push(buffer.getChannelData(c));
  for (let i = 0; i < samples.length; i++) {
    let sum = 0;
    for (const channel of channels) sum += channel[i];
    samples[i] = Math.round(Math.max(-1, Math.min(1, sum / channels.length)) * 32767);
  }
  return samples;
}

function stopAll(stream) {
  for (const track of stream.getTracks()) track.stop();
}

/** Loudness of a block, 0 to 1 over the 60 dB that matter. */
export function level(block) {
  let sum = 0;
  for (const sample of block) sum += sample * sample;
  const rms = Math.sqrt(sum / block.length) / 32768;
  return Math.max(0, Math.min(1, 1 + Math.log10(rms + 1e-9) / 3));
}
