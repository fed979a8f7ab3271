// Turns what comes in into mono 16-bit PCM, a block of about 64 ms at a time.

const BLOCK_S = 0.064;

class Pcm extends AudioWorkletProcessor {
  constructor() {
    super();
    this.block = new Int16Array(Math.round(sampleRate * BLOCK_S));
    this.filled = 0;
  }

  process([input]) {
    if (input.length === 0) return true;
    const samples = input[0].length;
    for (let i = 0; i < samples; i++) {
      let sum = 0;
      for (const channel of input) sum += channel[i];
      const value = Math.max(-1, Math.min(1, sum / input.length));
      this.block[this.filled++] = Math.round(value * 32767);
      if (this.filled === this.block.length) {
        this.port.postMessage(this.block.buffer, [this.block.buffer]);
        this.block = new Int16Array(Math.round(sampleRate * BLOCK_S));
        this.filled = 0;
      }
    }
    return true;
  }
}

registerProcessor("pcm", Pcm);
