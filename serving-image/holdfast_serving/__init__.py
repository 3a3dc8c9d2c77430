"""ONNX model server, inspector and evaluator of Holdfast."""
