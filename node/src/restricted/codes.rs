//! The software's own list of legally restricted codes.
//!
//! **Which law.** Human Fertilisation and Embryology Act 1990, section 33A (as amended in 1992 and 2008); Gender Recognition
//! Act 2004, section 22; NHS (Venereal Diseases) Regulations 1974 and the NHS Trusts and Primary Care Trusts (Sexually
//! Transmitted Diseases) Directions 2000, which take in HIV. How the NHS applies them: NHS Data Dictionary, *Commissioning
//! Data Sets: Security Issues and Patient Confidentiality*, section B, *Sensitive data*; information standard ISB 1572;
//! NHS Digital's consultation *Legally unsharable clinical codes* (2017-11-20 to 2018-01-19).
//!
//! **Which codes.** The NHS publishes its own lists to licence holders alone (TRUD, item *Legally restricted codes*; as
//! SNOMED CT simple reference sets 999004371000000100 assisted fertilisation, 999004351000000109 gender related issues,
//! 999004381000000103 sexually transmitted disease, 1955841000000104 and 1955851000000101 secondary use exclusions), so they
//! cannot be part of this software. What stands here is what the classifications themselves say openly, wider rather than
//! narrower: whole ICD-10 blocks and categories and whole OPCS-4 categories, of which a code is restricted with everything
//! below it. Of SNOMED CT and Read, whose hierarchies are not open, it holds concepts that stand in open publications, one by
//! one. **A provider that codes in SNOMED CT or Read must add its licensed reference sets** (`[restricted] additions`); the
//! node warns at every snapshot while it has not.
//!
//! **Sources of titles**: ICD-10 5th edition as the NHS uses it (classbrowser.nhs.uk/ICD-10-5TH-Edition); OPCS-4.10 tabular
//! list, NHS England, April 2023; OHDSI phenotype *HIV&AIDS* (OHDSI/Covid-19, Vocabulary/Wiki/phenotypes) for SNOMED CT and
//! Read codes of HIV; HL7 SHIFT value set *ShiftMinSTDCodes* for 428015005; HL7 SDOH clinical care reference implementation,
//! *GenderIdentityCode*, and AEHRC *BiologicalSexes* for 407374003, 407376001 and 407377005.

use super::CodeSystem::{self, Icd10, Opcs4, Read2, Snomed};

/// The version of this list. Any change of a code makes the next one, and every snapshot names it.
pub(super) const VERSION: u32 = 1;

/// Human fertility and embryology.
const FERTILITY: &[(CodeSystem, &str)] = &[
    (Icd10, "N98"),  // complications associated with artificial fertilization
    (Icd10, "Z311"), // artificial insemination
    (Icd10, "Z312"), // in vitro fertilization
    (Icd10, "Z313"), // other assisted fertilization methods
    (Icd10, "Z318"), // other procreative management
    (Icd10, "Z319"), // procreative management, unspecified
    (Opcs4, "Q13"),  // introduction of gamete into uterine cavity
    (Opcs4, "Q21"),  // other introduction of gamete into uterine cavity
    (Opcs4, "Q383"), // endoscopic intrafallopian transfer of gametes
    (Opcs4, "Q48"),  // oocyte recovery
    (Opcs4, "Y96"),  // in vitro fertilisation
];

/// Gender recognition.
const GENDER: &[(CodeSystem, &str)] = &[
    (Icd10, "F64"),        // gender identity disorders
    (Opcs4, "X15"),        // operations for sexual transformation
    (Snomed, "407374003"), // transsexual
    (Snomed, "407376001"), // male-to-female transsexual
    (Snomed, "407377005"), // female-to-male transsexual
];

/// Sexually transmitted infection, HIV among them.
const INFECTION: &[(CodeSystem, &str)] = &[
    // A50-A64, infections with a predominantly sexual mode of transmission
    (Icd10, "A50"),
    (Icd10, "A51"),
    (Icd10, "A52"),
    (Icd10, "A53"),
    (Icd10, "A54"),
    (Icd10, "A55"),
    (Icd10, "A56"),
    (Icd10, "A57"),
    (Icd10, "A58"),
    (Icd10, "A59"),
    (Icd10, "A60"),
    (Icd10, "A63"),
    (Icd10, "A64"),
    // B20-B24, human immunodeficiency virus disease
    (Icd10, "B20"),
    (Icd10, "B21"),
    (Icd10, "B22"),
    (Icd10, "B23"),
    (Icd10, "B24"),
    (Icd10, "O981"),       // syphilis complicating pregnancy, childbirth and the puerperium
    (Icd10, "O982"),       // gonorrhoea complicating them
    (Icd10, "O983"),       // other infections with a predominantly sexual mode of transmission complicating them
    (Icd10, "O987"),       // HIV disease complicating them
    (Icd10, "R75"),        // laboratory evidence of HIV
    (Icd10, "Z202"),       // contact with and exposure to infections with a predominantly sexual mode of transmission
    (Icd10, "Z206"),       // contact with and exposure to HIV
    (Icd10, "Z21"),        // asymptomatic HIV infection status
    (Icd10, "Z224"),       // carrier of infections with a predominantly sexual mode of transmission
    (Icd10, "Z717"),       // HIV counselling
    (Read2, "A788"),       // acquired immune deficiency syndrome, and HIV infection below it
    (Snomed, "86406008"),  // human immunodeficiency virus infection
    (Snomed, "165816005"), // HIV positive
    (Snomed, "699433000"), // human immunodeficiency virus carrier
    (Snomed, "420721002"), // AIDS-associated disorder
    (Snomed, "414604009"), // leukoplakia of tongue associated with HIV disease
    (Snomed, "442537007"), // non-Hodgkin lymphoma associated with HIV infection
    (Snomed, "402901009"), // oral hairy leukoplakia associated with HIV disease
    (Snomed, "697904001"), // pulmonary arterial hypertension associated with HIV infection
    (Snomed, "421695000"), // abnormal weight loss associated with AIDS
    (Snomed, "281388009"), // HIV-related sclerosing cholangitis
    (Snomed, "428015005"), // Chlamydia trachomatis infection of genital structure
];

/// Every code of the list, with its system.
pub(super) fn built_in() -> impl Iterator<Item = (CodeSystem, &'static str)> {
    [FERTILITY, GENDER, INFECTION].into_iter().flatten().copied()
}
