"""Models that sherpa-onnx runs, streaming ones and others; needs the extra `sferic[sherpa]`."""
