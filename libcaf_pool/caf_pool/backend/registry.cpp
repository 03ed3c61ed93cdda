#include "caf_pool/backend/registry.hpp"

#include "caf_pool/backend/option_reader.hpp"
#include "caf_pool/settings/nearest.hpp"

#include <utility>

namespace caf_pool {

error config_error(const std::vector<config_problem>& problems) {
  std::string str;
  for (auto& problem : problems) {
    if (!str.empty())
      str += '\n';
    str += to_string(problem);
  }
  return {errc::config_invalid, std::move(str), {}};
}

void backend_registry::add(backend_info info) {
  auto name = info.name;
  infos_.insert_or_assign(std::move(name), std::move(info));
}

void backend_registry::leave_out(std::string name, std::string option) {
  left_out_.insert_or_assign(std::move(name), std::move(option));
}

const backend_info* backend_registry::find(
  std::string_view name) const noexcept {
  auto i = infos_.find(name);
  return i == infos_.end() ? nullptr : &i->second;
}

std::vector<std::string> backend_registry::names() const {
  std::vector<std::string> out;
  for (auto& entry : infos_)
    out.push_back(entry.first);
  return out;
}

backend_families backend_registry::families() const {
  backend_families out;
  for (auto& [name, info] : infos_)
    out.emplace(name, info.family);
  return out;
}

std::vector<config_problem> backend_registry::problems(
  const pool_config& config) const {
  auto* info = find(config.backend);
  if (info == nullptr)
    return {{"backend", config.backend, unknown_backend(config.backend), {}}};
  std::vector<config_problem> out;
  option_reader{config, info->options, out}.refuse_unknown(info->name);
  if (info->check) {
    auto more = info->check(config);
    out.insert(out.end(), more.begin(), more.end());
  }
  return out;
}

result<backend_ptr> backend_registry::make(const pool_config& config,
                                           const backend_ptr& present) const {
  if (auto found = problems(config); !found.empty())
    return config_error(found);
  auto* info = find(config.backend);
  if (!info->make)
    return error{errc::internal,
                 "the backend \"" + config.backend
                   + "\" was registered without a function that makes it",
                 {}};
  auto next = info->make(config);
  if (next && present != nullptr && info->hand_over)
    info->hand_over(**next, *present);
  return next;
}

std::string backend_registry::unknown_backend(const std::string& name) const {
  auto owned = names();
  std::vector<std::string_view> known{owned.begin(), owned.end()};
  auto str = "no backend is called \"" + name + '"' + hint_for(name, known);
  if (auto i = left_out_.find(name); i != left_out_.end())
    str += "; this build leaves it out (" + i->second + ')';
  return str;
}

} // namespace caf_pool
