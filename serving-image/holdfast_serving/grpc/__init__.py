"""Open Inference Protocol over gRPC: messages and methods on one side, the data plane on the other.

Messages are generated from open_inference_grpc.proto, which the protocol's authors publish (Apache-2.0) at
github.com/open-inference/open-inference-protocol, specification/protocol, here byte for byte.
"""
