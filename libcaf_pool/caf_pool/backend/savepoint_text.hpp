#pragma once

#include <string_view>

namespace caf_pool {

/// Tells whether a statement says ROLLBACK TO a savepoint, whose success leaves
/// the transaction open. In doubt it does not.
bool rolls_back_to_savepoint(std::string_view sql) noexcept;

} // namespace caf_pool
