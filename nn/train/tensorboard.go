package train

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// TensorBoard is a Curve that writes an event file, which TensorBoard shows: a record for each step with a summary of
// scalars.
type TensorBoard struct {
	w   io.Writer
	now func() time.Time
}

// NewTensorBoard begins an event file in a folder, which it makes if it is not there. Close it when training is done.
func NewTensorBoard(dir string) (*TensorBoard, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	now := time.Now()
	host, err := os.Hostname()
	if err != nil {
		host = "localhost"
	}
	name := fmt.Sprintf("events.out.tfevents.%010d.%s.%d", now.Unix(), host, os.Getpid())
	f, err := os.OpenFile(filepath.Join(dir, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return nil, err
	}
	b := &TensorBoard{f, time.Now}
	return b, b.event(-1, func(e []byte) []byte { // Event.file_version
		return protowire.AppendString(protowire.AppendTag(e, 3, protowire.BytesType), "brain.Event:2")
	})
}

// Record implements Curve.
func (b *TensorBoard) Record(step int, values map[string]float64) error {
	var summary []byte
	for _, name := range slices.Sorted(maps.Keys(values)) {
		var v []byte // Summary.Value: tag, simple_value
		v = protowire.AppendString(protowire.AppendTag(v, 1, protowire.BytesType), name)
		v = protowire.AppendFixed32(protowire.AppendTag(v, 2, protowire.Fixed32Type), math.Float32bits(float32(values[name])))
		summary = protowire.AppendBytes(protowire.AppendTag(summary, 1, protowire.BytesType), v)
	}
	return b.event(step, func(e []byte) []byte { // Event.summary
		return protowire.AppendBytes(protowire.AppendTag(e, 5, protowire.BytesType), summary)
	})
}

// event writes one record: its length, a checksum of that, an Event, a checksum of it.
func (b *TensorBoard) event(step int, what func([]byte) []byte) error {
	seconds := float64(b.now().UnixMicro()) / 1e6
	var e []byte
	e = protowire.AppendFixed64(protowire.AppendTag(e, 1, protowire.Fixed64Type), math.Float64bits(seconds))
	if step >= 0 {
		e = protowire.AppendVarint(protowire.AppendTag(e, 2, protowire.VarintType), uint64(step))
	}
	e = what(e)
	record := binary.LittleEndian.AppendUint64(nil, uint64(len(e)))
	record = binary.LittleEndian.AppendUint32(record, masked(record))
	record = binary.LittleEndian.AppendUint32(append(record, e...), masked(e))
	_, err := b.w.Write(record)
	return err
}

// masked is the checksum of the format: CRC-32C, rotated and shifted so that it may lie among what it is of.
func masked(data []byte) uint32 {
	c := crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli))
	return (c>>15 | c<<17) + 0xa282ead8
}

// Close closes the file.
func (b *TensorBoard) Close() error {
	if c, ok := b.w.(io.Closer); ok {
		return c.Close()
	}
	return nil
}
