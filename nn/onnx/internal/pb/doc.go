// Package pb is the format of ONNX files as Protocol Buffers: model.proto, and what protoc-gen-go makes of it.
package pb

//go:generate protoc -I ../../../.. --go_out=../../../.. --go_opt=paths=source_relative nn/onnx/internal/pb/model.proto
