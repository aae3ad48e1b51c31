package onnx

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"sort"

	"google.golang.org/protobuf/proto"
	"gorgonia.org/tensor"

	"chainrule/internal/raw"
	"chainrule/nn/onnx/internal/pb"
)

// OperatorsIn lists the operators that a model file names, and says whether its inputs and outputs are tensors of f32,
// f64, i64, i32 and bool alone.
func OperatorsIn(data []byte) (all []string, common bool) {
	var p pb.Model
	if proto.Unmarshal(data, &p) != nil {
		return nil, false
	}
	f := &file{graph: p.GetGraph(), functions: map[string]*pb.Function{}}
	seen := map[string]bool{}
	f.eachNode(func(n *pb.Node) { seen[domainOf(n.GetDomain())+"."+n.GetOpType()] = true })
	for op := range seen {
		all = append(all, op)
	}
	sort.Strings(all)
	common = true
	for _, v := range slices.Concat(p.GetGraph().GetInput(), p.GetGraph().GetOutput()) {
		switch elem(v.GetType().GetTensorType().GetElemType()) {
		case pb.Tensor_FLOAT, pb.Tensor_DOUBLE, pb.Tensor_INT64, pb.Tensor_INT32, pb.Tensor_BOOL:
		default:
			common = false
		}
	}
	return all, common
}

// ReadValues reads the tensors input_0.pb, input_1.pb … of a set.
func ReadValues(files fs.FS, set, kind string, infos []Input) (all []*tensor.Dense, err error) {
	for i := range infos {
		data, err := fs.ReadFile(files, path.Join(set, fmt.Sprintf("%s_%d.pb", kind, i)))
		if errors.Is(err, fs.ErrNotExist) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		if infos[i].Type == "UNDEFINED" {
			return nil, fmt.Errorf("%s %d is not a tensor: not supported", kind, i)
		}
		var p pb.Tensor
		if err := proto.Unmarshal(data, &p); err != nil {
			return nil, err
		}
		if infos[i].Type == "BFLOAT16" && p.GetDataType() == int32(pb.Tensor_UINT16) {
			p.DataType = proto.Int32(int32(pb.Tensor_BFLOAT16)) // how the files of ONNX's tests write it
		}
		a, err := decode(&p, nil)
		if err != nil {
			return nil, fmt.Errorf("%w: not supported", err)
		}
		all = append(all, a.dense())
	}
	return all, nil
}

func (a array) dense() *tensor.Dense { return raw.Dense(a.elements, a.shape) }

// StaticInputs says which inputs go where something static is wanted.
func (m *Model) StaticInputs() []bool {
	all := make([]bool, len(m.file.inputs))
	m.file.eachNode(func(n *pb.Node) {
		for i, name := range n.GetInput() {
			for k, in := range m.file.inputs {
				for _, s := range operators[domainOf(n.GetDomain())+"."+n.GetOpType()].static {
					all[k] = all[k] || s == i && in.GetName() == name
				}
			}
		}
	})
	return all
}

// ReadTensor reads a tensor's file.
func ReadTensor(data []byte) (*tensor.Dense, error) {
	var p pb.Tensor
	if err := proto.Unmarshal(data, &p); err != nil {
		return nil, err
	}
	a, err := decode(&p, nil)
	if err != nil {
		return nil, err
	}
	return a.dense(), nil
}
