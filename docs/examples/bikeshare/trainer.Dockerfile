# The trainer of the bike rides example: what the evaluator has, a converter to ONNX, and two small modules.
# On your own machine: a slim Python image, `pip install holdfast[store] scikit-learn skl2onnx`, and the same COPY.
ARG BASE_IMAGE
FROM ${BASE_IMAGE}
USER 0:0
COPY trainer-packages /opt/example/site-packages
RUN python -m compileall -q --invalidation-mode=unchecked-hash /opt/example/site-packages
COPY bikeshare /opt/example/bikeshare
RUN python -m compileall -q --invalidation-mode=unchecked-hash /opt/example/bikeshare
ENV PYTHONPATH=/opt/example:/opt/example/site-packages:/opt/holdfast/packages:/opt/holdfast/site-packages:/opt/holdfast/evaluator-packages
USER 65532:65532
ENTRYPOINT ["python", "-m", "bikeshare.train"]
