# The compiled module's surface is what _decl/*.h declares; cffi gives it no static types.
from typing import Any

ffi: Any
lib: Any
