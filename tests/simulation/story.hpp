#pragma once

#include <string>
#include <vector>

/// Stories: what a pool promises, told as a conversation with it.
///
/// ~~~
/// # What the story shows.
/// pool max_size=1
///
/// at 0s acquire alice
/// ----
/// open 1
/// ~~~
///
/// A block is one or more commands, a line of four dashes and what the pool
/// answers. CAF_POOL_REWRITE=1 writes the present answers into the files:
/// commit only what you can explain.
namespace caf_pool::simulation {

/// Part of a story: comments and commands, and the answers to them.
struct story_block {
  std::vector<std::string> said;
  std::vector<std::string> answer;
};

using story = std::vector<story_block>;

story parse_story(const std::string& text);

std::string to_string(const story& x);

/// Tells a story to a fresh pool and returns it with the pool's answers. A
/// command that makes no sense is answered by "error: ...".
story retell(const story& x);

} // namespace caf_pool::simulation
