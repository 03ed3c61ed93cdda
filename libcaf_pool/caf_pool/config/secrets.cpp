#include "caf_pool/config/secrets.hpp"

#include "caf_pool/net/guarded_file.hpp"

#include <algorithm>
#include <system_error>

namespace caf_pool::detail {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t max_secret_bytes = 64 * 1024;

bool is_credential_name(std::string_view name) {
  return name.size() <= 255 && name.find_first_of("/\\") == name.npos
         && name != "." && name != ".." && name.find('\0') == name.npos;
}

// Reads a file with a secret and cuts the line break that editors add.
secret read_secret_file(const fs::path& path, file_readers readers,
                        std::string& problem) {
  auto content = read_guarded_file(path, max_secret_bytes, readers);
  if (!content) {
    problem = path.string() + ' ' + content.error().message;
    return {};
  }
  auto& text = content->text;
  if (text.ends_with('\n'))
    text.pop_back();
  if (text.ends_with('\r'))
    text.pop_back();
  if (text.empty())
    problem = path.string() + " is empty";
  else if (text.find('\0') != text.npos)
    problem = path.string() + " holds more than text";
  else if (!content->exposure.empty())
    problem = path.string() + ' ' + content->exposure
              + "; for files that a service manager provides, use credential";
  return problem.empty() ? secret{std::move(text)} : secret{};
}

// Looks for a credential in all places. Who provides them guards them: they
// are often readable by everybody inside of a container.
secret read_credential(const std::string& name, const secret_places& places,
                       std::string& problem) {
  if (!is_credential_name(name)) {
    problem = "is no name of a credential: it must not contain a slash";
    return {};
  }
  std::string looked_at;
  for (auto& folder : {places.credentials, places.run_secrets}) {
    if (folder.empty())
      continue;
    std::error_code ec;
    if (fs::exists(folder / name, ec))
      return read_secret_file(folder / name, file_readers::anybody, problem);
    looked_at += (looked_at.empty() ? "" : " and ") + folder.string();
  }
  problem = "is no credential; looked in "
            + (looked_at.empty() ? std::string{"no folder: "
                                               "$CREDENTIALS_DIRECTORY is not "
                                               "set"}
                                 : looked_at);
  return {};
}

class literal_judge {
public:
  literal_judge(const secret_source& from, const std::string& prefix)
    : from_(from),
      text_{prefix + "password",
            std::string{masked_secret},
            {},
            place_of(from.from)} {
    // nop
  }

  void run(bool production, std::vector<config_problem>& problems,
           std::vector<config_problem>& warnings) {
    constexpr auto advice
      = "; use password_file, credential or the environment";
    if (from_.literal.reveal() == masked_secret)
      problems.push_back(with("is the mask of a password, not a password"));
    else if (from_.kind != layer_kind::file)
      return;
    else if (production)
      problems.push_back(
        with(std::string{"a password in a file of a production profile is "
                         "refused"}
             + advice));
    else if (!from_.exposure.empty())
      problems.push_back(
        with("a password in a file that " + from_.exposure + advice));
    else
      warnings.push_back(
        with(std::string{"a password in a file of settings"} + advice));
  }

private:
  config_problem with(std::string message) const {
    auto x = text_;
    x.message = std::move(message);
    return x;
  }

  const secret_source& from_;
  config_problem text_;
};

} // namespace

void read_secret(layer& from, const std::string& prefix, secret_source& to,
                 std::vector<config_problem>& problems) {
  const assignment* first = nullptr;
  for (std::string_view name : {"password", "password_file", "credential"}) {
    for (auto* x : from.find(prefix + std::string{name})) {
      auto refuse = [&, x](std::string message) {
        problems.push_back(
          {x->key,
           name == "password" ? std::string{masked_secret} : show(x->value),
           std::move(message), place_of(x->from)});
      };
      auto text = convert_to<std::string>(x->value);
      if (!text) {
        refuse(text.error().message);
        continue;
      }
      if (first != nullptr) {
        refuse("is given in addition to " + first->key + " ("
               + place_of(first->from) + "); one of them must go");
        continue;
      }
      first = x;
      to = {};
      to.from = x->from;
      to.folder = from.folder;
      to.exposure = from.exposure;
      to.kind = from.kind;
      if (name == "password")
        to.literal = secret{*std::move(text)};
      else if (name == "password_file")
        to.password_file = *std::move(text);
      else
        to.credential = *std::move(text);
    }
  }
}

secret resolve_secret(const secret_source& from, const std::string& prefix,
                      const secret_places& places,
                      std::vector<config_problem>& problems,
                      std::vector<config_problem>& warnings) {
  std::string problem;
  secret result;
  if (!from.literal.empty()) {
    literal_judge{from, prefix}.run(places.production, problems, warnings);
    return from.literal;
  }
  if (!from.password_file.empty()) {
    result = read_secret_file(from.folder / from.password_file,
                              file_readers::owner, problem);
    if (!problem.empty())
      problems.push_back({prefix + "password_file", from.password_file,
                          std::move(problem), place_of(from.from)});
  } else if (!from.credential.empty()) {
    result = read_credential(from.credential, places, problem);
    if (!problem.empty())
      problems.push_back({prefix + "credential", from.credential,
                          std::move(problem), place_of(from.from)});
  }
  return result;
}

} // namespace caf_pool::detail
