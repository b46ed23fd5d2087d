//! The policies that need no configuration, under the names and with the values of CloudFront's managed ones
//! ("Use managed response headers policies").

use http::{HeaderName, HeaderValue, Method, header};

use super::cors::{Cors, CorsRules, Listed};
use super::origins::{OriginPattern, Origins};
use super::{ResponseHeaders, SetField};

/// The name, whether pages of every origin may read answers, whether preflights get everything allowed, and
/// whether the security fields are set.
const PRESETS: [(&str, bool, bool, bool); 5] = [
    ("SimpleCORS", true, false, false),
    ("CORS-With-Preflight", true, true, false),
    ("SecurityHeadersPolicy", false, false, true),
    ("CORS-and-SecurityHeadersPolicy", true, false, true),
    (
        "CORS-with-preflight-and-SecurityHeadersPolicy",
        true,
        true,
        true,
    ),
];

/// The security fields, and whether each replaces what the origin sent.
const SECURITY: [(HeaderName, &str, bool); 5] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff", true),
    (header::X_FRAME_OPTIONS, "SAMEORIGIN", false),
    (
        header::REFERRER_POLICY,
        "strict-origin-when-cross-origin",
        false,
    ),
    (header::STRICT_TRANSPORT_SECURITY, "max-age=31536000", false),
    (header::X_XSS_PROTECTION, "1; mode=block", false),
];

impl ResponseHeaders {
    /// The names of the presets.
    pub const PRESETS: &'static [&'static str] = &[
        PRESETS[0].0,
        PRESETS[1].0,
        PRESETS[2].0,
        PRESETS[3].0,
        PRESETS[4].0,
    ];

    /// The preset of that name, case-sensitive; `None` if there is none.
    ///
    /// Those with `CORS` say `Access-Control-Allow-Origin: *` unless the origin said something; those with
    /// a preflight allow the seven standard methods and every field, and expose every field.
    #[must_use]
    pub fn preset(name: &str) -> Option<Self> {
        let (name, shares, preflight, security) =
            PRESETS.iter().find(|(known, ..)| *known == name)?;
        let field = |(name, value, replaces): &(HeaderName, &'static str, bool)| SetField {
            name: name.clone(),
            value: HeaderValue::from_static(value),
            replaces: *replaces,
        };
        Some(Self {
            name: (*name).to_owned(),
            cors: shares.then(|| cors(*preflight)).flatten(),
            set: match security {
                true => SECURITY.iter().map(field).collect(),
                false => Vec::new(),
            },
            remove: Vec::new(),
        })
    }
}

fn cors(preflight: bool) -> Option<Cors> {
    let standard = [
        Method::DELETE,
        Method::GET,
        Method::HEAD,
        Method::OPTIONS,
        Method::PATCH,
        Method::POST,
        Method::PUT,
    ];
    let rules = CorsRules {
        origins: Origins::new([OriginPattern::Any]),
        methods: Listed::These(match preflight {
            true => standard.into(),
            false => vec![Method::GET, Method::HEAD],
        }),
        headers: match preflight {
            true => Listed::All,
            false => Listed::These(Vec::new()),
        },
        expose: match preflight {
            true => Listed::All,
            false => Listed::These(Vec::new()),
        },
        credentials: false,
        max_age: None,
        replaces: false,
    };
    // Without credentials no rule is refused.
    Cors::new(rules).ok()
}
