#!/usr/bin/env bash
# Rolls out a version on Cloud Run in stages, and goes back to the one before by itself when a stage fails.
#
# Needs gcloud (signed in), jq, envsubst and curl, and in the environment: PROJECT, REGION, REGISTRY, VERSION, NATS_URL,
# NETWORK, SUBNET. STAGES (10 50 100): percents of the requests that the new version gets, one after the other. SOAK_SECONDS
# (120): how long each stage is watched. MAX_ERRORS (5): answers of 500 and above of the new version that are still taken.
set -euo pipefail
cd "$(dirname "$0")"

: "${PROJECT:?}" "${REGION:?}" "${REGISTRY:?}" "${VERSION:?}" "${NATS_URL:?}" "${NETWORK:?}" "${SUBNET:?}"
export PROJECT REGION REGISTRY VERSION NATS_URL NETWORK SUBNET
STAGES=${STAGES:-10 50 100}
SOAK_SECONDS=${SOAK_SECONDS:-120}
MAX_ERRORS=${MAX_ERRORS:-5}
work=$(mktemp -d)
pools=(projector worker)
previous_revision=''
changed=()

run() { gcloud run "$@" --project "$PROJECT" --region "$REGION" --quiet; }

# In older releases of gcloud worker pools are beta; newer ones know both names.
run_pool() { gcloud beta run worker-pools "$@" --project "$PROJECT" --region "$REGION" --quiet; }

say() { printf '%s\n' "$*" >&2; }

render() { envsubst '$PROJECT $REGION $REGISTRY $VERSION $NATS_URL $NETWORK $SUBNET' <"$1" >"$work/$1"; }

# What is there now, so that there is something to go back to. On the first rollout there is nothing.
remember() {
  previous_revision=$(run services describe jobstream-api --format json 2>/dev/null |
    jq -r '[.status.traffic[]? | select(.percent > 0)] | max_by(.percent) | .revisionName // ""') || previous_revision=''
  for pool in "${pools[@]}"; do
    run_pool describe "jobstream-$pool" --format export >"$work/$pool.previous.yaml" 2>/dev/null ||
      rm -f "$work/$pool.previous.yaml"
  done
}

roll_back() {
  local code=$?
  trap - EXIT
  if ((code != 0)) && ((${#changed[@]} > 0)); then
    say "Rolling back: ${changed[*]}"
    for what in "${changed[@]}"; do put_back "$what" || say "COULD NOT put $what back"; done
  fi
  rm -rf "$work"
  exit "$code"
}

put_back() {
  if [[ $1 == api ]]; then
    [[ -z $previous_revision ]] || run services update-traffic jobstream-api --to-revisions "$previous_revision=100"
  elif [[ -f $work/$1.previous.yaml ]]; then
    run_pool replace "$work/$1.previous.yaml"
  fi
}

# The tables and the streams first: this version needs them, and the one before does not mind.
migrate() {
  render migrate.job.yaml
  run jobs replace "$work/migrate.job.yaml"
  run jobs execute jobstream-migrate --wait
}

# The projector before the worker: who reads must understand a new kind of event before anybody writes it.
roll_pools() {
  for pool in "${pools[@]}"; do
    render "$pool.workerpool.yaml"
    changed+=("$pool")
    run_pool replace "$work/$pool.workerpool.yaml"
  done
}

# A revision of its own that gets no requests but those to its tag.
add_candidate() {
  render api.service.yaml
  changed+=(api)
  if [[ -n $previous_revision ]]; then
    cat >>"$work/api.service.yaml" <<YAML
  traffic:
    - { revisionName: $previous_revision, percent: 100 }
    - { latestRevision: true, percent: 0, tag: candidate }
YAML
  fi
  run services replace "$work/api.service.yaml"
}

# Prints the revision that was made last and the address at which it is asked.
candidate() {
  run services describe jobstream-api --format json |
    jq -r '.status | "\(.latestReadyRevisionName) \(([.traffic[]? | select(.tag == "candidate") | .url][0]) // .url)"'
}

errors_of() {
  local filter="resource.type=\"cloud_run_revision\" resource.labels.revision_name=\"$1\" httpRequest.status>=500 timestamp>=\"$2\""
  gcloud logging read "$filter" --project "$PROJECT" --limit $((MAX_ERRORS + 1)) --format 'value(insertId)' | wc -l
}

watch() {
  local revision=$1 url=$2 since end errors
  since=$(date -u +%Y-%m-%dT%H:%M:%SZ)
  end=$((SECONDS + SOAK_SECONDS))
  while :; do
    curl --silent --show-error --fail --max-time 10 --retry 3 --retry-all-errors --output /dev/null "$url/health/ready"
    errors=$(errors_of "$revision" "$since")
    if ((errors > MAX_ERRORS)); then
      say "$revision has answered more than $MAX_ERRORS requests with 500 or above."
      return 1
    fi
    ((SECONDS < end)) || return 0
    sleep 10
  done
}

main() {
  remember
  trap roll_back EXIT
  migrate
  roll_pools
  add_candidate
  local revision url
  read -r revision url <<<"$(candidate)"
  [[ -n $url ]]
  SOAK_SECONDS=0 watch "$revision" "$url"
  if [[ -n $previous_revision ]]; then
    for percent in $STAGES; do
      say "$revision gets $percent % of the requests."
      run services update-traffic jobstream-api --to-tags "candidate=$percent"
      watch "$revision" "$url"
    done
  fi
  say "$VERSION is rolled out."
}

main "$@"
