#pragma once

#include "caf_pool/core/random.hpp"
#include "caf_pool/protocol/codec.hpp"

#include <string>
#include <vector>

/// Values with something in every field, for tests of the codec.
namespace caf_pool::test {

std::string random_text(random_source& dice);
sql_value random_value(random_source& dice);
std::vector<sql_statement> random_statements(random_source& dice);
std::vector<sql_result> random_results(random_source& dice);
redis_commands random_commands(random_source& dice);
/// Holds arrays inside each other, at most `depth` deep.
redis_value random_redis_value(random_source& dice, int depth);
redis_replies random_replies(random_source& dice);

/// No two fields are equal.
pool_snapshot full_snapshot();

} // namespace caf_pool::test
