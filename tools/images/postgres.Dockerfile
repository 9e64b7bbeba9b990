# A stand-in for the public `postgres` image: it honours POSTGRES_USER, POSTGRES_PASSWORD, POSTGRES_DB and PGDATA.
ARG DEBIAN_IMAGE
FROM ${DEBIAN_IMAGE}
ARG POSTGRES_MAJOR=17
RUN apt-get update \
  && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends postgresql-${POSTGRES_MAJOR} \
  # Half of the image is a compiler that small queries do without, and another third languages.
  && rm -rf /usr/lib/*/libLLVM* /usr/lib/*/libz3* /usr/lib/postgresql/*/lib/bitcode /usr/share/locale \
  && find /usr/lib/locale -mindepth 1 -maxdepth 1 ! -name C.utf8 -exec rm -r {} + \
  && rm -rf /var/lib/apt/lists/* /var/lib/postgresql/${POSTGRES_MAJOR}
ENV PATH=/usr/lib/postgresql/${POSTGRES_MAJOR}/bin:$PATH PGDATA=/var/lib/postgresql/data LANG=C.UTF-8
RUN install -d -o postgres -g postgres -m 1777 "$PGDATA" /var/run/postgresql
COPY startPostgres.sh /usr/local/bin/startPostgres.sh
EXPOSE 5432
STOPSIGNAL SIGINT
ENTRYPOINT ["/bin/sh", "/usr/local/bin/startPostgres.sh"]
CMD ["postgres"]
