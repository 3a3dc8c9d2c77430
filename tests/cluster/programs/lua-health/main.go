// lua-health runs a health script of Argo CD as Argo CD does: gopher-lua, the object in the global `obj`, and a
// table with status and message as the answer. The object is read from standard input and the answer written to
// standard output, both as JSON.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	lua "github.com/yuin/gopher-lua"
	luajson "layeh.com/gopher-json"
)

func main() {
	if err := run(os.Args[1], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(script string, in io.Reader, out io.Writer) error {
	object, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	// Without strings and without input and output, as Argo CD runs the scripts of its users.
	state := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer state.Close()
	for name, open := range map[string]lua.LGFunction{
		lua.LoadLibName: lua.OpenPackage,
		lua.BaseLibName: lua.OpenBase,
		lua.TabLibName:  lua.OpenTable,
	} {
		state.Push(state.NewFunction(open))
		state.Push(lua.LString(name))
		state.Call(1, 0)
	}
	value, err := luajson.Decode(state, object)
	if err != nil {
		return err
	}
	state.SetGlobal("obj", value)
	if err := state.DoFile(script); err != nil {
		return err
	}
	answer, err := luajson.Encode(state.Get(-1))
	if err != nil {
		return err
	}
	_, err = out.Write(json.RawMessage(answer))
	return err
}
