#include "net/tls_files.hpp"

#include <cstdlib>
#include <fstream>
#include <memory>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdexcept>

namespace caf_pool::test {

namespace {

struct freer {
  void operator()(X509* x) const {
    X509_free(x);
  }

  void operator()(EVP_PKEY* x) const {
    EVP_PKEY_free(x);
  }

  void operator()(BIO* x) const {
    BIO_free(x);
  }
};

template <class T>
using owned = std::unique_ptr<T, freer>;

void must(bool ok) {
  if (!ok)
    throw std::runtime_error{"cannot make a certificate"};
}

/// Who a certificate is for, and with which key.
struct holder {
  owned<X509> cert;
  owned<EVP_PKEY> key;
};

void add_extension(X509* cert, X509* issuer, int kind, const char* value) {
  X509V3_CTX context{};
  X509V3_set_ctx(&context, issuer, cert, nullptr, nullptr, 0);
  auto* x = X509V3_EXT_conf_nid(nullptr, &context, kind, value);
  must(x != nullptr && X509_add_ext(cert, x, -1) == 1);
  X509_EXTENSION_free(x);
}

/// Issues a certificate; an authority's own if there is no issuer.
holder issue(const char* name, const holder* issuer, const char* names,
             long seconds_left = 86'400) {
  static long serial = 0;
  holder result{owned<X509>{X509_new()}, owned<EVP_PKEY>{EVP_EC_gen("P-256")}};
  auto* x = result.cert.get();
  must(x != nullptr && result.key != nullptr && X509_set_version(x, 2) == 1);
  ASN1_INTEGER_set(X509_get_serialNumber(x), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(x), -86'400);
  X509_gmtime_adj(X509_getm_notAfter(x), seconds_left);
  X509_set_pubkey(x, result.key.get());
  auto* subject = X509_get_subject_name(x);
  must(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                                  reinterpret_cast<const unsigned char*>(name),
                                  -1, -1, 0)
       == 1);
  auto& by = issuer != nullptr ? *issuer : result;
  X509_set_issuer_name(x, X509_get_subject_name(by.cert.get()));
  if (issuer == nullptr)
    add_extension(x, x, NID_basic_constraints, "critical,CA:TRUE");
  if (names != nullptr)
    add_extension(x, by.cert.get(), NID_subject_alt_name, names);
  must(X509_sign(x, by.key.get(), EVP_sha256()) > 0);
  return result;
}

owned<BIO> to_file(const std::string& path) {
  owned<BIO> result{BIO_new_file(path.c_str(), "w")};
  must(result != nullptr);
  return result;
}

std::string write_cert(const std::filesystem::path& path, const holder& x) {
  must(PEM_write_bio_X509(to_file(path.string()).get(), x.cert.get()) == 1);
  return path.string();
}

std::string write_key(const std::filesystem::path& path, const holder& x,
                      const char* passphrase = nullptr) {
  auto* cipher = passphrase != nullptr ? EVP_aes_128_cbc() : nullptr;
  must(PEM_write_bio_PKCS8PrivateKey(
         to_file(path.string()).get(), x.key.get(), cipher, passphrase,
         passphrase != nullptr ? 6 : 0, nullptr, nullptr)
       == 1);
  return path.string();
}

tls_files::pair write(const std::filesystem::path& folder,
                      const std::string& name, const holder& x) {
  return {write_cert(folder / (name + ".crt"), x),
          write_key(folder / (name + ".key"), x)};
}

} // namespace

tls_files::tls_files() {
  auto pattern
    = (std::filesystem::temp_directory_path() / "caf_pool_tls_XXXXXX").string();
  must(::mkdtemp(pattern.data()) != nullptr);
  folder_ = pattern;
  auto root = issue("authority", nullptr, nullptr);
  auto other = issue("other authority", nullptr, nullptr);
  ca = write_cert(folder_ / "ca.crt", root);
  other_ca = write_cert(folder_ / "other_ca.crt", other);
  const auto* local = "DNS:localhost,IP:127.0.0.1,IP:::1";
  server = write(folder_, "server", issue("server", &root, local));
  named = write(folder_, "named", issue("named", &root, "DNS:db.example"));
  expired = write(folder_, "expired", issue("expired", &root, local, -3'600));
  auto own = issue("client", &root, nullptr);
  client = write(folder_, "client", own);
  stranger = write(folder_, "stranger", issue("stranger", &other, nullptr));
  locked_key = write_key(folder_ / "locked.key", own, "secret");
  no_cert = (folder_ / "no_cert.crt").string();
  std::ofstream{no_cert} << "nothing\n";
}

tls_files::~tls_files() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

const tls_files& tls_files::shared() {
  static tls_files instance;
  return instance;
}

} // namespace caf_pool::test
