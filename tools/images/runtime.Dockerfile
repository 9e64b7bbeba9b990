# A stand-in for `gcr.io/distroless/cc`: what a C++ program such as Node needs, and no shell.
ARG DEBIAN_IMAGE
FROM ${DEBIAN_IMAGE} AS packages
WORKDIR /packages
RUN apt-get update && apt-get download base-files libc6 libgcc-s1 libstdc++6 netbase tzdata \
  && for package in *.deb; do dpkg -x "$package" /root-of-image; done \
  && rm -rf /root-of-image/usr/share/doc /root-of-image/usr/share/man /root-of-image/usr/share/locale \
  && mkdir -p /root-of-image/etc/ssl/certs && cp /etc/ssl/certs/ca-certificates.crt /root-of-image/etc/ssl/certs/ \
  && printf 'root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n' \
  > /root-of-image/etc/passwd \
  && printf 'root:x:0:\nnonroot:x:65532:\n' > /root-of-image/etc/group

FROM scratch
COPY --from=packages /root-of-image /
