/* SPDX-License-Identifier: WTFPL OR MIT */
#define TABLE pytp_xxh3_portable
#include "xxh3_body.h"
