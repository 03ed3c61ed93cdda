#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace caf_pool {

/// What a client asks a peer that says nothing: a node speaks first, a server
/// for HTTP waits for this.
std::string question_for(std::string_view address);

/// What the first bytes of a peer tell.
enum class greeting_kind { unclear, node, stranger };

/// Judges what a peer has said so far. CAF's network protocol begins with a
/// zero byte, no text does.
greeting_kind judge_greeting(std::string_view said) noexcept;

/// Says who answers at `address` instead of a node, and where the node is if
/// the answer tells: the admin server of a node does.
std::string describe_stranger(std::string_view address, std::string_view said);

} // namespace caf_pool
