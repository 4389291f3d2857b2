package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"reflect"
	"strings"
	"unicode/utf8"

	"grenier/internal/fault"
)

// maxBodyDepth bounds the brackets inside each other in a JSON body.
const maxBodyDepth = 100

// readBody reads the JSON body into b, a pointer to the route's type. None and Raw read nothing.
func (c *Call) readBody(b any) error {
	t := c.Route.body
	if t == nil || t == reflect.TypeFor[Raw]() {
		return nil
	}
	if err := c.checkContentType(); err != nil {
		return err
	}
	raw, err := io.ReadAll(c.R.Body)
	if err != nil {
		return bodyFault(err)
	}
	raw = bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf"))
	if err := checkJSON(raw); err != nil {
		return err
	}
	if t.Kind() == reflect.Struct && !isObject(raw) && json.Valid(raw) {
		if c.Route.Family == Form {
			return errNotObject
		}
		return fault.New(fault.Invalid, "The body must be a JSON object.")
	}
	return decodeFault(json.Unmarshal(raw, b))
}

// checkContentType refuses what does not call itself JSON, each family in its way.
func (c *Call) checkContentType() error {
	given := strings.ToLower(c.R.Header.Get("Content-Type"))
	if c.Route.Family == Form {
		if strings.Contains(given, "application/json") {
			return nil
		}
		return errNotJSONType
	}
	media, _, _ := strings.Cut(given, ";")
	media = strings.TrimSpace(media)
	if media == "application/json" || strings.HasPrefix(media, "application/") && strings.HasSuffix(media, "+json") {
		return nil
	}
	return fault.New(fault.Unsupported, "The body must be JSON: send it with the header Content-Type: application/json.")
}

func isObject(raw []byte) bool {
	raw = bytes.TrimLeft(raw, " \t\r\n")
	return len(raw) > 0 && raw[0] == '{'
}

// checkJSON refuses, before decoding, what no text column may hold and what is nested without measure.
func checkJSON(raw []byte) error {
	if !utf8.Valid(raw) {
		return fault.New(fault.Invalid, "The body is not UTF-8 text.")
	}
	depth, quoted := 0, false
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case quoted && c == '\\':
			if bytes.HasPrefix(raw[i:], []byte(`\u0000`)) {
				return fault.New(fault.Invalid, "The body holds a NUL character.")
			}
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > maxBodyDepth {
				return fault.Newf(fault.Invalid, "The body is nested more than %d levels deep.", maxBodyDepth)
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return nil
}

// decodeFault turns an error of decoding into one that says where and what.
func decodeFault(err error) error {
	var wrongType *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	var known *fault.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &known):
		return err
	case errors.As(err, &wrongType):
		text := "This must be " + jsonName(wrongType.Type) + ", not " + wrongType.Value + "."
		if wrongType.Field == "" {
			return fault.Wrap(err, fault.Invalid, "The body "+text[len("This "):])
		}
		var path []any
		for name := range strings.SplitSeq(wrongType.Field, ".") {
			path = append(path, name)
		}
		return fault.At(text, path...).Because(err)
	case errors.As(err, &syntax):
		return fault.Newf(fault.Invalid, "The body is not JSON: %v (at byte %d).", syntax, syntax.Offset)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fault.New(fault.Invalid, "The body is not JSON: it ends too early.")
	}
	return fault.Wrap(err, fault.Invalid, "The body cannot be read.")
}

// jsonName names a Go type in the words of JSON.
func jsonName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "text"
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.Struct, reflect.Map:
		return "an object"
	case reflect.Float32, reflect.Float64:
		return "a number"
	}
	return "a whole number"
}

// BodyFault turns an error of reading a body, for routes that read it by themselves, into one that says
// what to do.
func BodyFault(err error) error { return bodyFault(err) }

// bodyFault turns an error of reading a body into one that says what to do.
func bodyFault(err error) error {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return fault.Newf(fault.TooLarge, "The body is larger than %d bytes.", tooLarge.Limit).Because(err)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return errSlowBody.Because(err)
	}
	return fault.Wrap(err, fault.Invalid, "The body did not arrive whole.")
}

// The two errors of forms whose text stands alone, not in a list.
var (
	errNotJSONType = (&fault.Error{Code: fault.Invalid}).Bare("expecting application/json", "Content-Type")
	errNotObject   = (&fault.Error{Code: fault.Invalid}).Bare("expecting a JSON object", "request")
)

var errSlowBody = fault.New(codeSlowBody, "The body arrived too slowly.")
