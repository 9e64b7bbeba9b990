# A stand-in for the public `nats` image on Alpine: flags as arguments, and busybox for health checks.
ARG DEBIAN_IMAGE
FROM ${DEBIAN_IMAGE}
RUN apt-get update && apt-get install -y --no-install-recommends busybox && rm -rf /var/lib/apt/lists/* \
  && ln -s /usr/bin/busybox /usr/local/bin/wget && ln -s /usr/bin/busybox /usr/local/bin/nc
COPY nats-server /usr/local/bin/nats-server
EXPOSE 4222 6222 8222
ENTRYPOINT ["nats-server"]
