#pragma once
// One mistake, one message: what is said only because something else was already found wrong is left out. Private to
// dsl/.
//
// Thread-safety: values only.

#include "dsl/diagnostic.hpp"

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace assemblier::dsl {

/// Leaves out each unknown name (Diagnostic::unknown) that stands in the text of a clause that could not be read, since
/// it is declared there as far as its author knows, and of several about one name keeps the first, which then says how
/// many more places there are. Also left out: types that do not fit because of such a name. `reading`: the diagnostics
/// of what could not be read; `poisoned`: the names declared there. REQUIRES the order of the source.
void drop_consequences(std::vector<Diagnostic>& diagnostics, const std::vector<Diagnostic>& reading,
                       const std::set<std::string>& poisoned, std::string_view source);

}  // namespace assemblier::dsl
