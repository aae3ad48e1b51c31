package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
)

// decode reads an input into the struct or number at to. Package json leaves out what is not there and reads null as
// zero; an evaluation of such an input would be wrong, so that both are errors here. A field may be absent if its tag
// says omitempty, or if it is embedded.
func decode(input []byte, to any) error {
	if err := json.Unmarshal(input, to); err != nil {
		return err
	}
	if err := complete(input, reflect.TypeOf(to).Elem()); err != nil {
		return err
	}
	return withoutNull(input)
}

// complete reports fields of the struct type t that an object lacks. What lies deeper is checked with its sizes.
func complete(object []byte, t reflect.Type) error {
	if t.Kind() != reflect.Struct {
		return nil
	}
	var there map[string]json.RawMessage
	if err := json.Unmarshal(object, &there); err != nil {
		return err
	}
	for f := range t.Fields() {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if _, ok := there[name]; !ok && !f.Anonymous && options != "omitempty" {
			return fmt.Errorf("there is no %q", name)
		}
	}
	return nil
}

// withoutNull looks at every token, if the four letters are there at all: a string may have them.
func withoutNull(input []byte) error {
	if !bytes.Contains(input, []byte("null")) {
		return nil
	}
	tokens := json.NewDecoder(bytes.NewReader(input))
	for {
		switch token, err := tokens.Token(); {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		case token == nil:
			return errors.New("an element is null")
		}
	}
}
