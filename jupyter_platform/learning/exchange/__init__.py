"""Networks from elsewhere and for elsewhere: DIANNE, ONNX, archives, bare weights."""
