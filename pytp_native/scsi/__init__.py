# SPDX-License-Identifier: WTFPL OR MIT
"""SCSI commands as values: a builder gives a Command (CDB, data, how its answer is read), `executor.run` carries it.

Light (struct only; the drop-ins start with them): record, field, command, policy, sense, judge, executor, inquiry,
mode, mode_pages, log, log_values, log_records, log_incidents, position, elements, element_scan, spc, ssc, smc. With
construct: layouts, vpd, vpd_ports, supported_commands, mam, density, reservations, diagnostic, encryption,
access_order. tests/unit/scsi/test_light.py holds that line, test_layouts.py holds the light
parsers to the declared layouts.

Clauses are cited by their titles, which are the names of commands and pages: their numbers move between drafts.
"""
