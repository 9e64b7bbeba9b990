# A stand-in for the public `node` image. The context has Node's binary, npm, and the certificates this machine trusts.
ARG DEBIAN_IMAGE
FROM ${DEBIAN_IMAGE}
COPY certificates.pem /etc/ssl/certs/ca-certificates.crt
COPY node /usr/local/bin/node
COPY npm /usr/local/lib/node_modules/npm
RUN cd /usr/local/bin && for name in npm npx; do ln -s ../lib/node_modules/npm/bin/$name-cli.js $name; done
ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
CMD ["node"]
