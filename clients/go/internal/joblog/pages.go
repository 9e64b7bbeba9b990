package joblog

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
)

const (
	pageMessages = 256
	pageBytes    = 8_000_000
	pageTimeout  = 5 * time.Second
)

// Stored is a message of a stream.
type Stored struct {
	Subject  string
	Sequence uint64
	Header   nats.Header
	Data     []byte
}

// ReadAll returns the messages of a stream under a subject, oldest first, in pages: one request for each would take long.
// Any replica answers, and may lack the last ones.
func ReadAll(nc *nats.Conn, stream, subject string) ([]Stored, error) {
	var messages []Stored
	next := uint64(1)
	for pending := true; pending; {
		var page []Stored
		var err error
		page, pending, err = readPage(nc, stream, map[string]any{"seq": next, "next_by_subj": subject})
		if err != nil {
			return nil, err
		}
		messages = append(messages, page...)
		if len(page) > 0 {
			next = page[len(page)-1].Sequence + 1
		}
	}
	return messages, nil
}

// readPage returns up to a page of messages, and whether there are more.
func readPage(nc *nats.Conn, stream string, query map[string]any) (page []Stored, pending bool, err error) {
	query["batch"], query["max_bytes"] = pageMessages, pageBytes
	request, err := json.Marshal(query)
	if err != nil {
		return nil, false, err
	}
	inbox := nc.NewInbox()
	answers, err := nc.SubscribeSync(inbox)
	if err != nil {
		return nil, false, err
	}
	defer answers.Unsubscribe()
	if err := nc.PublishRequest("$JS.API.DIRECT.GET."+stream, inbox, request); err != nil {
		return nil, false, err
	}
	for {
		msg, err := answers.NextMsg(pageTimeout)
		if err != nil {
			return nil, false, err
		}
		var stored Stored
		if _, err := fmt.Sscan(added(msg, "Nats-Sequence"), &stored.Sequence); err != nil {
			status := msg.Header.Get("Status")
			if status == "204" || status == "404" {
				return page, pending, nil
			}
			return nil, false, fmt.Errorf("%s was not read: %v", stream, msg.Header)
		}
		stored.Subject, stored.Header, stored.Data = added(msg, "Nats-Subject"), msg.Header, msg.Data
		page, pending = append(page, stored), added(msg, "Nats-Num-Pending") != "0"
	}
}

// added is a header that the server has added, behind those of the writer of the message.
func added(msg *nats.Msg, name string) string {
	values := msg.Header[name]
	if len(values) == 0 {
		return ""
	}
	return values[len(values)-1]
}
