package jobstream

import (
	"fmt"
	"slices"
	"strings"
)

// variables are the settings of a worker in the environment.
var variables = []string{
	"NATS_URL", "NATS_USER", "NATS_PASSWORD", "NATS_CREDS", "WORKER_NAME", "WORKER_VERSION", "JOBSTREAM_RELEASE",
	"WORKER_CONCURRENCY", "ACK_WAIT_MS", "SHUTDOWN_GRACE_MS", "SLOT_WAIT_MS", "ERROR_STACKS",
}

const mostEdits = 2

// misspeltVariables returns a sentence for each variable that is probably a misspelt setting which is not set itself.
func misspeltVariables(environ []string) []string {
	isSet := map[string]bool{}
	for _, entry := range environ {
		if name, value, _ := strings.Cut(entry, "="); value != "" {
			isSet[name] = true
		}
	}
	var sentences []string
	for _, entry := range environ {
		name, _, _ := strings.Cut(entry, "=")
		at := slices.IndexFunc(variables, func(meant string) bool {
			return !isSet[meant] && name != "" && name[0] == meant[0] && edits(name, meant) <= mostEdits
		})
		if at >= 0 && !slices.Contains(variables, name) {
			sentences = append(sentences, fmt.Sprintf("%s is not a setting and has no effect: is %s meant?", name, variables[at]))
		}
	}
	return sentences
}

// edits is the Levenshtein distance.
func edits(left, right string) int {
	row := make([]int, len(right)+1)
	for at := range row {
		row[at] = at
	}
	for i := range len(left) {
		aslant := row[0]
		row[0] = i + 1
		for j := range len(right) {
			above := row[j+1]
			if left[i] != right[j] {
				aslant++
			}
			row[j+1] = min(above+1, row[j]+1, aslant)
			aslant = above
		}
	}
	return row[len(right)]
}
