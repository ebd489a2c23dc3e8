# SPDX-License-Identifier: WTFPL OR MIT
"""The catalog: which member of which session is where on which cartridge. A ledger of claims; the tape is the truth.

All SQL lives in this package, and nothing else knows which database it is. The face is `store.Catalog` with the plain
records of `records`.
"""
