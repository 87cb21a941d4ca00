//! Colours by role. `style/tokens.css` gives every role its colour as a custom property; this is the one
//! table between the two.

use super::scene::Tint;

/// How many colours owners share. Owners beyond that repeat them: an owner is told by name, never by
/// colour alone.
pub const OWNER_HUES: u8 = 8;
/// How strongly a stretch of the density band shows its foremost hue: 0 hardly, 3 purely.
pub const STRENGTHS: u8 = 4;

/// What a shape is, as far as its colour is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// The canvas.
    Surface,
    /// Text and the shapes that matter most.
    Ink,
    /// Secondary text.
    InkSoft,
    /// Hairlines.
    Line,
    /// Outlines that must be seen.
    LineStrong,
    /// What is selected.
    Accent,
    /// A healthy state.
    Good,
    /// A state that passes, or is to be watched.
    Warn,
    /// A state that serves nobody.
    Bad,
    /// The traced key.
    Needle,
    /// An owner's hue mixed into the band's grey.
    Owner {
        /// Below [`OWNER_HUES`].
        hue: u8,
        /// Below [`STRENGTHS`]; the last is the pure hue.
        strength: u8,
    },
}

/// The custom properties that the roles before [`Role::Owner`] take their colours from, in their order.
pub const PROPERTIES: [&str; 10] = [
    "--surface",
    "--ink",
    "--ink-soft",
    "--line",
    "--line-strong",
    "--accent",
    "--good",
    "--warn",
    "--bad",
    "--needle",
];
/// What owners' hues are mixed into.
pub const BAND_PROPERTY: &str = "--band";
/// How many roles there are.
pub const ROLE_COUNT: usize = PROPERTIES.len() + OWNER_HUES as usize * STRENGTHS as usize;

impl Role {
    /// A place in a table of [`ROLE_COUNT`] colours.
    pub const fn index(self) -> usize {
        match self {
            Self::Surface => 0,
            Self::Ink => 1,
            Self::InkSoft => 2,
            Self::Line => 3,
            Self::LineStrong => 4,
            Self::Accent => 5,
            Self::Good => 6,
            Self::Warn => 7,
            Self::Bad => 8,
            Self::Needle => 9,
            Self::Owner { hue, strength } => PROPERTIES.len() + (hue * STRENGTHS + strength) as usize,
        }
    }
}

/// The pure hue of the instance with this index.
pub const fn hue_of(instance: u32) -> u8 {
    (instance % OWNER_HUES as u32) as u8
}

/// The property that holds an owner's pure hue.
pub fn owner_property(hue: u8) -> String {
    format!("--owner-{}", hue + 1)
}

/// The colour of every role, from the values of the properties; what cannot be read is grey.
pub fn colours(property: impl Fn(&str) -> String) -> Vec<String> {
    let mut table = vec![String::new(); ROLE_COUNT];
    let read = |name: &str| Rgb::parse(&property(name)).unwrap_or(Rgb([128; 3]));
    for (colour, name) in table.iter_mut().zip(PROPERTIES) {
        *colour = read(name).to_css();
    }
    let band = read(BAND_PROPERTY);
    for hue in 0..OWNER_HUES {
        let pure = read(&owner_property(hue));
        for strength in 0..STRENGTHS {
            let share = [18, 45, 72, 100][strength as usize];
            table[Role::Owner { hue, strength }.index()] = band.mixed(pure, share).to_css();
        }
    }
    table
}

/// The colours of an image's tints, as pixels of red, green, blue and full opacity.
pub fn pixels(tints: &[Tint], colours: &[String]) -> Vec<[u8; 4]> {
    let colour =
        |role: Role| colours.get(role.index()).and_then(|text| Rgb::parse(text)).unwrap_or(Rgb([128; 3]));
    let blend = |tint: &Tint| {
        let Rgb([red, green, blue]) = tint.0.iter().fold(colour(Role::Surface), |under, &(role, opacity)| {
            under.mixed(colour(role), (opacity.clamp(0.0, 1.0) * 100.0) as u32)
        });
        [red, green, blue, 255]
    };
    tints.iter().map(blend).collect()
}

/// A colour of eight bits a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rgb(pub [u8; 3]);

impl Rgb {
    /// Reads `#rrggbb`.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.trim().strip_prefix('#').filter(|digits| digits.len() == 6)?;
        let value = u32::from_str_radix(digits, 16).ok()?;
        Some(Self([(value >> 16) as u8, (value >> 8) as u8, value as u8]))
    }

    /// Writes `#rrggbb`.
    pub fn to_css(self) -> String {
        let Self([red, green, blue]) = self;
        format!("#{red:02x}{green:02x}{blue:02x}")
    }

    /// This colour with `percent` of another in it.
    pub fn mixed(self, other: Self, percent: u32) -> Self {
        let mut mixed = [0; 3];
        for (to, (a, b)) in mixed.iter_mut().zip(self.0.into_iter().zip(other.0)) {
            *to = ((u32::from(a) * (100 - percent) + u32::from(b) * percent) / 100) as u8;
        }
        Self(mixed)
    }

    /// The contrast ratio of WCAG 2, from 1 to 21.
    pub fn contrast(self, other: Self) -> f64 {
        let (a, b) = (self.luminance(), other.luminance());
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    fn luminance(self) -> f64 {
        let [red, green, blue] = self.linear();
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    fn linear(self) -> [f64; 3] {
        self.0.map(|channel| {
            let value = f64::from(channel) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A theme's properties, read from the style sheet that the page uses.
    fn theme(dark: bool) -> impl Fn(&str) -> Rgb {
        let css = include_str!("../../style/tokens.css");
        let (light, rest) = css.split_once("[data-theme=\"dark\"]").unwrap();
        let block = if dark { rest } else { light }.to_owned();
        move |name| {
            let (_, after) = block.split_once(&format!("{name}:")).unwrap_or_else(|| panic!("no {name}"));
            Rgb::parse(after.split(';').next().unwrap()).unwrap_or_else(|| panic!("{name} is no #rrggbb"))
        }
    }

    #[test]
    fn text_has_a_contrast_of_four_and_a_half_in_both_themes() {
        for dark in [false, true] {
            let colour = theme(dark);
            for ground in ["--ground", "--surface", "--sunken"] {
                for text in ["--ink", "--ink-soft", "--accent", "--good", "--warn", "--bad"] {
                    let contrast = colour(text).contrast(colour(ground));
                    assert!(contrast >= 4.5, "{text} on {ground}, dark {dark}: {contrast:.2}");
                }
            }
            for (text, ground) in [
                ("--good", "--good-soft"),
                ("--warn", "--warn-soft"),
                ("--bad", "--bad-soft"),
                ("--ink", "--accent-soft"),
                ("--ink-soft", "--accent-soft"),
                ("--accent", "--accent-soft"),
                ("--accent-ink", "--accent"),
            ] {
                let contrast = colour(text).contrast(colour(ground));
                assert!(contrast >= 4.5, "{text} on {ground}, dark {dark}: {contrast:.2}");
            }
        }
    }

    #[test]
    fn graphics_have_a_contrast_of_three_in_both_themes() {
        for dark in [false, true] {
            let colour = theme(dark);
            let owners = (0..OWNER_HUES).map(owner_property);
            for shape in owners.chain(["--needle", "--line-strong", "--accent", "--bad"].map(str::to_owned)) {
                let contrast = colour(&shape).contrast(colour("--surface"));
                assert!(contrast >= 3.0, "{shape}, dark {dark}: {contrast:.2}");
            }
        }
    }

    /// What a dichromat sees (Viénot, Brettel and Mollon 1999, and a blue-blind analogue).
    fn simulated(colour: Rgb, kind: usize) -> [f64; 3] {
        let [r, g, b] = colour.linear();
        match kind {
            0 => [r, g, b],
            1 => [0.11238 * r + 0.88762 * g, 0.11238 * r + 0.88762 * g, 0.00401 * r - 0.00401 * g + b],
            2 => [0.29275 * r + 0.70725 * g, 0.29275 * r + 0.70725 * g, -0.02234 * r + 0.02234 * g + b],
            _ => [r + 0.14461 * g - 0.14461 * b, 0.85924 * g + 0.14076 * b, 0.85924 * g + 0.14076 * b],
        }
    }

    /// Björn Ottosson's OKLab.
    fn oklab([r, g, b]: [f64; 3]) -> [f64; 3] {
        let l = (0.41222 * r + 0.53633 * g + 0.05145 * b).max(0.0).cbrt();
        let m = (0.21190 * r + 0.68070 * g + 0.10740 * b).max(0.0).cbrt();
        let s = (0.08830 * r + 0.28172 * g + 0.62998 * b).max(0.0).cbrt();
        [
            0.21045 * l + 0.79362 * m - 0.00407 * s,
            1.97800 * l - 2.42859 * m + 0.45059 * s,
            0.02590 * l + 0.78277 * m - 0.80868 * s,
        ]
    }

    #[test]
    fn owners_hues_stay_apart_for_colour_blind_readers() {
        for dark in [false, true] {
            let colour = theme(dark);
            for kind in 0..4 {
                for a in 0..OWNER_HUES {
                    for b in 0..a {
                        let [one, two] =
                            [a, b].map(|hue| oklab(simulated(colour(&owner_property(hue)), kind)));
                        let squares: f64 = one.iter().zip(two).map(|(x, y)| (x - y) * (x - y)).sum();
                        // The first three hues carry the most common ring: they are held to more.
                        let least = if a < 3 { 0.10 } else { 0.035 };
                        let apart = squares.sqrt();
                        assert!(
                            apart >= least,
                            "owners {} and {}, dark {dark}, kind {kind}: {apart:.3}",
                            a + 1,
                            b + 1
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn the_table_has_a_place_of_its_own_for_every_role() {
        let css = theme(false);
        let table = colours(|name| css(name).to_css());
        assert_eq!(table.len(), ROLE_COUNT);
        assert!(table.iter().all(|colour| Rgb::parse(colour).is_some()));
        let pure = Role::Owner { hue: 7, strength: 3 };
        assert_eq!(pure.index(), ROLE_COUNT - 1);
        assert_eq!(table[pure.index()], css("--owner-8").to_css());
        let mixed = css("--band").mixed(css("--owner-4"), 18);
        assert_eq!(table[Role::Owner { hue: 3, strength: 0 }.index()], mixed.to_css());
    }

    #[test]
    fn a_tint_is_laid_over_the_surface_from_the_first_role_to_the_last() {
        let css = theme(true);
        let table = colours(|name| css(name).to_css());
        let tint = Tint([(Role::Good, 0.5), (Role::Ink, 0.2)]);
        let Rgb([r, g, b]) = css("--surface").mixed(css("--good"), 50).mixed(css("--ink"), 20);
        assert_eq!(pixels(&[tint, Tint([(Role::Bad, 1.0); 2])], &table)[0], [r, g, b, 255]);
        assert_eq!(pixels(&[tint], &[]), [[128, 128, 128, 255]], "colours that are not there are grey");
    }
}
