package engine

import (
	"encoding/json"

	"github.com/jobstream/jobstream/clients/go/internal/protocol"
)

const (
	mostSteps      = 1_000
	mostStepsBytes = 512 * 1024
	// recordBytes is what the attempt and the time take with which a step is recorded.
	recordBytes = 60
)

// stepSizes counts the steps of a job and their bytes, as the log stores them.
type stepSizes struct {
	bytes map[string]int
	total int
}

func newStepSizes(recorded map[string]protocol.Step) *stepSizes {
	sizes := &stepSizes{bytes: map[string]int{}}
	for _, step := range recorded {
		sizes.add(step)
	}
	return sizes
}

// takePlace tells whether there is room for another step of this id; the id has its place from then on.
func (s *stepSizes) takePlace(id string) bool {
	if _, known := s.bytes[id]; known {
		return true
	}
	if len(s.bytes) >= mostSteps {
		return false
	}
	s.bytes[id] = 0
	return true
}

// add counts the step in the place of an earlier one of its id. It returns false, and counts nothing, if it has no room.
func (s *stepSizes) add(step protocol.Step) bool {
	text, err := json.Marshal(step)
	size := len(text) + recordBytes
	total := s.total + size - s.bytes[step.ID()]
	if err != nil || total > mostStepsBytes {
		return false
	}
	s.bytes[step.ID()], s.total = size, total
	return true
}
