# SPDX-License-Identifier: WTFPL OR MIT
