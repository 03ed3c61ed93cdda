#pragma once

#include "source_file.hpp"

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace caf_pool::style {

/// A broken rule: prints as "path:line: text".
struct problem {
  std::string path;
  size_t line = 0;
  std::string text;
};

using problems = std::vector<problem>;

// Each rule looks at one file and adds what it finds.

/// Includes point down the layers, and each layer has its own libraries only:
/// a kind of backend its driver. Examples, the test of an installed copy and
/// the conformance suite include what lies directly in caf_pool/ only.
void check_includes(const source_file& file, problems& out);

/// A header for users has code, or is known to forward to others.
void check_faces(const source_file& file, problems& out);

/// The table of layers has no circle.
void check_layers(problems& out);

/// No header includes itself on a detour.
void check_circles(const std::vector<source_file>& tree, problems& out);

/// Returns the headers of ours that one of them pulls in, by the names by which
/// they are included: "caf_pool/core/time.hpp".
std::set<std::string> pulled_in(const std::vector<source_file>& tree,
                                const std::string& name);

/// Returns the header's name in a line like `#  include "caf_pool/pool.hpp"`;
/// empty for other lines.
std::string_view included(std::string_view line);

/// core/, settings/, machine/, work/ and advice/ are told the time and the
/// randomness.
void check_clocks(const source_file& file, problems& out);

/// Versions of CAF, libpqxx and Catch2 matter in the compat headers alone.
void check_versions(const source_file& file, problems& out);

/// CAF's catch-all headers stay in the compat and precompiled headers.
void check_caf_all(const source_file& file, problems& out);

/// Headers to 250 lines, files to 500, functions of ours to 40, lines to 80.
void check_sizes(const source_file& file, problems& out);

/// Headers begin with #pragma once and open no namespace for everybody.
void check_headers(const source_file& file, problems& out);

/// Switches in machine/ name every case.
void check_switches(const source_file& file, problems& out);

/// Tests wait for conditions, never for time. Files in the allow-list may.
void check_sleeps(const source_file& file, problems& out);

/// Tags that name a trap are [trap-T7], those of a behaviour [C04]; no tag
/// hides a test or expects it to fail.
void check_tags(const source_file& file, problems& out);

/// A file that may sleep, and why.
struct sleeper {
  std::string path;
  std::string reason;
};

/// The allow-list of check_sleeps.
const std::vector<sleeper>& sleepers();

} // namespace caf_pool::style
