#include "support/private_redis_tls.hpp"

#include "support/process.hpp"

#include <cerrno>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <stdlib.h>
#include <string>
#include <system_error>
#include <vector>

namespace caf_pool::test {

namespace {

namespace fs = std::filesystem;

// The names of the files and what is in them.
using certificate_texts = std::map<std::string, std::string>;

// A folder for the program openssl to work in.
class workshop {
public:
  workshop() {
    auto name = (fs::temp_directory_path() / "caf_pool_tls.XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr)
      throw std::system_error{errno, std::generic_category(), "mkdtemp"};
    folder_ = name;
  }

  workshop(const workshop&) = delete;
  workshop& operator=(const workshop&) = delete;

  ~workshop() {
    std::error_code ec;
    fs::remove_all(folder_, ec);
  }

  void make_authority(const std::string& name) const {
    openssl({"req", "-x509", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
             "/CN=" + name, "-keyout", name + ".key", "-out", name + ".crt"});
  }

  void request(const std::string& name, const std::string& subject) const {
    openssl({"req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
             "-nodes", "-subj", "/CN=" + subject, "-addext",
             "subjectAltName=DNS:" + subject, "-keyout", name + ".key", "-out",
             name + ".csr"});
  }

  // One for no days is past its time at once.
  void sign(const std::string& request, const std::string& name,
            int days) const {
    openssl({"x509", "-req", "-in", request + ".csr", "-CA", "ca.crt", "-CAkey",
             "ca.key", "-CAcreateserial", "-copy_extensions", "copy", "-days",
             std::to_string(days), "-out", name + ".crt"});
  }

  certificate_texts texts() const {
    certificate_texts result;
    for (auto& entry : fs::directory_iterator{folder_}) {
      std::ostringstream text;
      text << std::ifstream{entry.path()}.rdbuf();
      result[entry.path().filename().string()] = text.str();
    }
    return result;
  }

private:
  void openssl(std::vector<std::string> args) const {
    args.insert(args.begin(), "openssl");
    process_options options;
    options.command = std::move(args);
    options.directory = folder_.string();
    auto result = run(std::move(options));
    if (result.status != 0)
      throw std::runtime_error{"openssl failed: " + result.err};
  }

  fs::path folder_;
};

certificate_texts make_certificate_texts() {
  workshop here;
  here.make_authority("ca");
  here.make_authority("other_ca");
  here.request("server", "localhost");
  here.sign("server", "server", 2);
  here.sign("server", "expired", 0);
  here.request("client", "client");
  here.sign("client", "client", 2);
  return here.texts();
}

} // namespace

redis_tls_files write_redis_tls_files(const fs::path& folder) {
  static const auto texts = make_certificate_texts();
  auto write = [&](const std::string& name) {
    std::ofstream out{folder / name, std::ios::trunc};
    out << texts.at(name);
    if (!out.flush())
      throw std::runtime_error{"cannot write " + (folder / name).string()};
    return folder / name;
  };
  redis_tls_files result;
  result.ca = write("ca.crt");
  result.other_ca = write("other_ca.crt");
  result.server = write("server.crt");
  result.server_key = write("server.key");
  result.expired = write("expired.crt");
  result.client = write("client.crt");
  result.client_key = write("client.key");
  return result;
}

} // namespace caf_pool::test
