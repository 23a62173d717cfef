# Peel in a container: no root, no writable file system needed.
#   docker build -t peel .
#   docker run --rm --read-only --network none -v "$PWD:/pictures:ro" peel photo.jpg -o - > cut.png
FROM debian:12-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends make
WORKDIR /src
COPY . .
RUN make deb

FROM debian:12-slim
RUN --mount=type=bind,from=build,source=/src/dist,target=/packages \
    apt-get update && apt-get install -y /packages/peel_*.deb && rm -rf /var/lib/apt/lists/*
USER 65532:65532
WORKDIR /pictures
ENTRYPOINT ["peel"]
