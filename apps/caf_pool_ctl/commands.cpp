#include "commands.hpp"

#include "caf_pool/backend/registry.hpp"
#include "caf_pool/config/load.hpp"
#include "caf_pool/config/render.hpp"
#include "caf_pool/config/state_folder.hpp"
#include "caf_pool/remote/client.hpp"
#include "caf_pool/remote/remote_redis.hpp"
#include "caf_pool/remote/token_file.hpp"

#include "command_words.hpp"
#include "visible_text.hpp"

#include <nlohmann/json.hpp>

#include <cstdlib>
#include <iostream>

namespace caf_pool::ctl {

namespace {

/// What proves who asks: from the environment, from the file that was named, or
/// from where a node of this user keeps it.
result<secret> find_token(const connection_options& to) {
  if (auto* token = std::getenv("CAF_POOL_TOKEN"))
    return secret{token};
  if (!to.token_file.empty())
    return token_from_file(to.token_file, to.principal);
  auto folder = pick_state_folder(current_environment());
  if (!folder)
    return error{errc::config_invalid,
                 "say by --token-file which token to log in with",
                 {}};
  auto token = token_from_file(folder->path + "/tokens", to.principal);
  if (!token)
    return error{token.error().code,
                 token.error().message
                   + "; --token-file or CAF_POOL_TOKEN_FILE names another one",
                 {}};
  return token;
}

result<remote_client> connect(const connection_options& to) {
  remote_options options;
  options.address = to.address;
  options.principal = to.principal;
  options.client = "caf_pool_ctl";
  options.limit = to.limit;
  auto token = find_token(to);
  if (!token)
    return token.error();
  options.token = *std::move(token);
  return remote_client::connect(options);
}

/// The pools that are meant: the one that is named, or all.
result<std::vector<std::string>> names(remote_client& db,
                                       const std::string& pool) {
  if (!pool.empty())
    return std::vector<std::string>{pool};
  return db.list();
}

load_result read(const config_options& x) {
  auto source = config_source{};
  source.location = x.location;
  source.profile = x.profile;
  source.environment = current_environment();
  source.overrides = x.overrides;
  return load(source, backend_registry::with_defaults());
}

result<std::string> exec_command(remote_client& db, const std::string& pool,
                                 const std::string& what, const style& how) {
  auto command = parse_command(what);
  if (!command)
    return command.error();
  auto reply = remote_redis{db, pool}.send(*std::move(command));
  if (!reply)
    return reply.error();
  return show_reply(*reply, how);
}

std::string document(const nlohmann::ordered_json& x) {
  constexpr auto replace = nlohmann::ordered_json::error_handler_t::replace;
  return visible_document(x.dump(2, ' ', false, replace)) + '\n';
}

} // namespace

result<std::string> look(const connection_options& to, view what,
                         const std::string& pool, const style& how) {
  auto db = connect(to);
  if (!db)
    return db.error();
  auto wanted = names(*db, pool);
  if (!wanted)
    return wanted.error();
  std::vector<pool_snapshot> found;
  for (auto& name : *wanted) {
    auto x = db->snapshot(name);
    if (!x)
      return x.error();
    found.push_back(*std::move(x));
  }
  switch (what) {
    case view::pools:
      return show_pools(found, how);
    case view::stats:
      return show_stats(found, how);
    case view::health:
      return show_health(found, how);
    case view::leases:
      return show_leases(found, how);
    case view::connections:
      return show_connections(found, how);
  }
  return error{errc::internal, "no such view", {}};
}

result<std::string> exec(const connection_options& to, const std::string& pool,
                         const std::string& what, const style& how) {
  auto db = connect(to);
  if (!db)
    return db.error();
  if (auto found = db->snapshot(pool); found && found->backend == "redis")
    return exec_command(*db, pool, what, how);
  auto rows = db->execute(pool, sql_statement{what});
  if (!rows)
    return rows.error();
  if (!how.json)
    std::cerr << show_warnings(*rows);
  return show_rows(*rows, how);
}

result<std::string> control(const connection_options& to,
                            const std::string& pool, verb what, duration limit,
                            const style& how) {
  auto db = connect(to);
  if (!db)
    return db.error();
  if (auto done = db->control(pool, what, limit); !done)
    return done.error();
  return how.json ? std::string{"{\"schema\": 1, \"done\": true}\n"}
                  : std::string{"done\n"};
}

result<std::string> check_config(const config_options& x, const style& how) {
  auto config = read(x);
  if (!config)
    return config.error();
  if (how.json) {
    auto warnings = nlohmann::ordered_json::array();
    for (auto& warning : config->warnings)
      warnings.push_back(to_string(warning));
    return document({{"schema", 1},
                     {"good", true},
                     {"profile", config->node.profile},
                     {"pools", config->node.pools.size()},
                     {"warnings", std::move(warnings)}});
  }
  std::string text;
  for (auto& warning : config->warnings)
    text += "warning: " + visible(to_string(warning)) + '\n';
  return text + "the configuration is good: profile "
         + visible(config->node.profile) + ", "
         + std::to_string(config->node.pools.size()) + " pools\n";
}

result<std::string> show_config(const config_options& x, const style& how) {
  auto config = read(x);
  if (!config)
    return config.error();
  if (!how.json)
    return visible_document(render_toml(*config, x.origin));
  auto settings = nlohmann::ordered_json::array();
  for (auto& setting : list_settings(*config))
    settings.push_back({{"key", setting.key},
                        {"value", setting.value},
                        {"origin", setting.origin}});
  return document({{"schema", 1}, {"settings", std::move(settings)}});
}

} // namespace caf_pool::ctl
