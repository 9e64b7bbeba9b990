package jobstream

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/nats-io/nats.go"
)

// whyUnreachable says why a server cannot be reached, in words for the middle of a sentence; empty for what says nothing of
// the kind, such as an answer that breaks off.
func whyUnreachable(err error) string {
	var unknown *net.DNSError
	var network net.Error
	switch {
	case errors.As(err, &unknown):
		return "its name is not known"
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, nats.ErrNoServers): // which nats.go makes of a refusal
		return "the connection was refused"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return "there is no route to it"
	case errors.Is(err, nats.ErrTimeout), errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return "it does not answer"
	}
	return ""
}

// ConnectionError says in one line which NATS server could not be connected to, why, and what to do.
type ConnectionError struct {
	message string
	cause   error
}

func (e *ConnectionError) Error() string { return e.message }

// Unwrap returns the error of the connection.
func (e *ConnectionError) Unwrap() error { return e.cause }

var userInAddress = regexp.MustCompile(`(^|//)[^/@]*@`)

func connectionError(servers string, byDefault bool, cause error) error {
	addresses := strings.Split(servers, ",")
	for index, address := range addresses {
		addresses[index] = userInAddress.ReplaceAllString(strings.TrimSpace(address), "$1")
	}
	server := "NATS at " + strings.Join(addresses, ",")
	wrong := fmt.Sprintf("%s cannot be reached: %s.", server, orText(whyUnreachable(cause), cause))
	remedy := "Start it, or correct NATS_URL."
	var unreadable *fs.PathError
	switch {
	case errors.Is(cause, nats.ErrAuthorization):
		wrong = server + " refuses the credentials."
		remedy = "Correct NATS_USER and NATS_PASSWORD, NATS_CREDS, or the user in NATS_URL."
	case errors.As(cause, &unreadable):
		remedy = "Correct NATS_CREDS."
	case byDefault:
		remedy = "NATS_URL is not set: set it, or start NATS there."
	}
	return &ConnectionError{message: wrong + " " + remedy, cause: cause}
}

func orText(reason string, cause error) string {
	if reason != "" {
		return reason
	}
	return cause.Error()
}

// warnAfter: a program that waits for an API that is not there looks as if it hung.
const warnAfter = 2 * time.Second

// retryWarning tells once, until something is answered, that a request is repeated.
type retryWarning struct {
	mutex sync.Mutex
	why   string
	timer *time.Timer
	begun time.Time
	say   func(why string)
}

// startWarning begins with the request where the API answers one like it at once, else with its first failure.
func (c *Client) startWarning(r request) *retryWarning {
	w := &retryWarning{begun: time.Now(), why: fmt.Sprintf("%s: the API at %s does not answer.", r, c.url)}
	w.say = func(why string) {
		if c.warned.CompareAndSwap(false, true) {
			c.options.Logger.Warn(fmt.Sprintf("%s Trying again for %v.", why, c.options.RetryFor))
		}
	}
	if c.options.NoRetryWarning || c.options.RetryFor <= warnAfter {
		w.say = func(string) {}
	}
	if r.method != "GET" && r.patience == 0 {
		w.begin()
	}
	return w
}

func (w *retryWarning) begin() {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if w.timer == nil {
		w.timer = time.AfterFunc(time.Until(w.begun.Add(warnAfter)), func() {
			w.mutex.Lock()
			defer w.mutex.Unlock()
			w.say(w.why)
		})
	}
}

func (w *retryWarning) failed(err error) {
	w.mutex.Lock()
	w.why = strings.TrimSuffix(err.Error(), ".") + "."
	w.mutex.Unlock()
	w.begin()
}

func (w *retryWarning) stop() {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if w.timer != nil {
		w.timer.Stop()
	}
}
