# The load generator of the bike rides example: what the server has (an HTTP and an S3 client), and a few modules.
ARG BASE_IMAGE
FROM ${BASE_IMAGE}
USER 0:0
COPY bikeshare /opt/example/bikeshare
RUN python -m compileall -q --invalidation-mode=unchecked-hash /opt/example/bikeshare
ENV PYTHONPATH=/opt/example:/opt/holdfast/packages:/opt/holdfast/site-packages
USER 65532:65532
EXPOSE 8000
ENTRYPOINT ["python", "-m", "bikeshare.load"]
