// Package joblog reads the jobs of one type from the log, and appends to it.
package joblog

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/jobstream/jobstream/clients/go/internal/protocol"
)

const (
	readTries = 40
	readPause = 50 * time.Millisecond
)

// Log is the log of one job type.
type Log struct {
	nc      *nats.Conn
	js      jetstream.JetStream
	jobType string
	worker  string
	clock   *protocol.ServerClock
	log     *slog.Logger
}

// Connection is what a Log works with. Worker is the name that it signs events with.
type Connection struct {
	NC     *nats.Conn
	JS     jetstream.JetStream
	Clock  *protocol.ServerClock
	Worker string
	Log    *slog.Logger
}

// New returns the log of one job type.
func New(connection Connection, jobType string) *Log {
	return &Log{
		nc: connection.NC, js: connection.JS, clock: connection.Clock, worker: connection.Worker, log: connection.Log,
		jobType: jobType,
	}
}

// ReadFresh reads the job, at least as new as the call: in a cluster a message may arrive before it can be read.
func (l *Log) ReadFresh(call protocol.Call) (*protocol.Job, error) {
	for range readTries {
		job, err := l.Read(call.JobID)
		if err != nil || call.Event == nil || (job != nil && job.Sequence >= call.Sequence) {
			return job, err
		}
		time.Sleep(readPause)
	}
	return nil, fmt.Errorf("job %s cannot be read up to sequence %d", call.JobID, call.Sequence)
}

// Read returns the job as it is now; nil if it does not exist.
func (l *Log) Read(jobID string) (*protocol.Job, error) {
	history, err := l.history(jobID)
	return protocol.Fold(history), err
}

// Refreshed returns the job with what others have appended, such as signals, as long as it is in the same attempt; else as it is known.
func (l *Log) Refreshed(job *protocol.Job) (*protocol.Job, error) {
	found, err := l.Read(job.Created.JobID)
	if err != nil || found == nil || found.Version <= job.Version || !found.IsSameAttempt(job) {
		return job, err
	}
	found.RunID = job.RunID
	return found, nil
}

// history reads a job's messages, oldest first: each names the sequence of the one before as what it expected.
func (l *Log) history(jobID string) ([]protocol.Record, error) {
	var history []protocol.Record
	ahead := map[uint64]*protocol.Record{}
	notAhead := map[string]string{"JobStepsRecorded": "steps-recorded", "JobSignalled": "signalled"}
	query := map[string]any{"last_by_subj": protocol.Filter(l.jobType, jobID)}
	for record, err := l.stored(jobID, query); ; record, err = l.storedAt(jobID, record.Previous, ahead) {
		switch {
		case err != nil || record == nil && len(history) == 0:
			return nil, err
		case record == nil || !record.Linked:
			return l.historyBySubject(jobID)
		}
		history = append(history, *record)
		if record.Previous == 0 || record.Carries() {
			slices.Reverse(history)
			return history, nil
		}
		for name, token := range notAhead {
			if record.Is(name) {
				delete(notAhead, name)
				maps.Copy(ahead, l.readAhead(jobID, token))
			}
		}
	}
}

// storedAt is as stored, for what may have been read ahead.
func (l *Log) storedAt(jobID string, sequence uint64, ahead map[uint64]*protocol.Record) (*protocol.Record, error) {
	if record := ahead[sequence]; record != nil {
		return record, nil
	}
	return l.stored(jobID, map[string]any{"seq": sequence})
}

// readAhead reads the messages with steps or signals by their sequences, in few requests: there may be a thousand. What is missing is
// read by itself.
func (l *Log) readAhead(jobID, token string) map[uint64]*protocol.Record {
	ahead := map[uint64]*protocol.Record{}
	filter := protocol.Filter(l.jobType, jobID)
	messages, err := ReadAll(l.nc, "JOBS", strings.TrimSuffix(filter, ">")+token)
	if err != nil {
		l.log.Warn("the messages are read one by one", "job", jobID, "error", err)
	}
	for _, stored := range messages {
		ahead[stored.Sequence] = stored.record(filter)
	}
	return ahead
}

// historyBySubject is for a history whose links a program has broken that does not keep to the protocol.
func (l *Log) historyBySubject(jobID string) ([]protocol.Record, error) {
	var history []protocol.Record
	filter := protocol.Filter(l.jobType, jobID)
	last, err := l.stored(jobID, map[string]any{"last_by_subj": filter})
	for sequence := uint64(0); err == nil && last != nil && sequence < last.Sequence; {
		var record *protocol.Record
		record, err = l.stored(jobID, map[string]any{"seq": sequence + 1, "next_by_subj": filter})
		if err != nil || record == nil {
			break
		}
		sequence = record.Sequence
		history = append(history, *record)
	}
	return history, err
}

// stored asks the leader of the stream for one message; any replica would answer a direct get, and might be old.
func (l *Log) stored(jobID string, query map[string]any) (*protocol.Record, error) {
	var answer struct {
		Message *message
		Error   *jetstream.APIError
	}
	request, err := json.Marshal(query)
	if err != nil {
		return nil, err
	}
	reply, err := l.nc.Request("$JS.API.STREAM.MSG.GET.JOBS", request, 5*time.Second)
	if err == nil {
		err = json.Unmarshal(reply.Data, &answer)
	}
	switch {
	case err != nil:
		return nil, err
	case answer.Error != nil && answer.Error.Code == 404:
		return nil, nil
	case answer.Error != nil:
		return nil, fmt.Errorf("the log was not read: %w", answer.Error)
	case answer.Message == nil:
		return nil, errors.New("the log was not read: the answer has no message")
	}
	header, _ := nats.DecodeHeadersMsg(answer.Message.Hdrs)
	stored := Stored{answer.Message.Subject, answer.Message.Seq, header, answer.Message.Data}
	return stored.record(protocol.Filter(l.jobType, jobID)), nil
}

// message is a message of the log as the server answers it.
type message struct {
	Subject    string
	Seq        uint64
	Hdrs, Data []byte
}

// record tells what the message is in the history of the job with these subjects.
func (m Stored) record(filter string) *protocol.Record {
	header := m.Header
	event, _ := protocol.Decode(m.Subject, m.Data, header)
	previous, err := strconv.ParseUint(header.Get(protocol.HeaderExpected), 10, 64)
	own := strings.HasPrefix(m.Subject, strings.TrimSuffix(filter, ">"))
	first := event != nil && protocol.IsFirst(header, event)
	checked := previous > 0 && header.Get(protocol.HeaderCompared) == filter
	newer := event != nil && event.Newer && protocol.IsChecked(header, event)
	if event != nil && event.Newer && !newer {
		event = nil
	}
	linked := err == nil && own && (first || checked || newer)
	return &protocol.Record{Event: event, Sequence: m.Sequence, Previous: previous, Linked: linked}
}
